// Every example of the document against its schema, and every answer of a running daemon to the examples'
// requests against the schema of its operation, status and type. MINUTED_URL is the daemon, TOKEN a token
// for everything, TOOLS where npm's packages are.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const load = createRequire(`${process.env.TOOLS}/package.json`);
const Ajv = load('ajv/dist/2020.js').default;
const addFormats = load('ajv-formats').default;

const base = process.env.MINUTED_URL;
const document = await (await fetch(`${base}/openapi.json`)).json();
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema(document, 'openapi');

let checked = 0;
let faults = 0;
const complain = (...words) => { faults += 1; console.error(...words); };

const escape = (text) => encodeURIComponent(text.replaceAll('~', '~0').replaceAll('/', '~1'));
const validators = new Map();
// The schema at a place of the document, references and all.
function check(place, value, what) {
  const at = `openapi#/${place.map(escape).join('/')}`;
  if (!validators.has(at)) validators.set(at, ajv.compile({ $ref: at }));
  const validate = validators.get(at);
  checked += 1;
  if (!validate(value)) complain(what, ajv.errorsText(validate.errors), JSON.stringify(value).slice(0, 200));
}

// Where a thing is once its reference, if it is one, is followed.
function follow(place) {
  const thing = place.reduce((inner, name) => inner?.[name], document);
  return thing?.$ref ? thing.$ref.slice(2).split('/') : place;
}
const at = (place) => place.reduce((inner, name) => inner?.[name], document);

// A text of lines says which shape a line has.
function checkText(media, text, what) {
  const place = [...media, 'schema', 'x-line'];
  if (!at(place)) return;
  for (const line of text.split('\n').filter(Boolean)) check(place, JSON.parse(line), what);
}

function checkExamples(content, what) {
  for (const type of Object.keys(at(content) ?? {})) {
    const media = [...content, type];
    for (const [name, example] of Object.entries(at(media).examples ?? {})) {
      if (typeof example.value === 'string') checkText(media, example.value, `${what} ${name}`);
      else check([...media, 'schema'], example.value, `${what} ${name}`);
    }
  }
}

for (const [path, methods] of Object.entries(document.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    const place = ['paths', path, method];
    checkExamples([...place, 'requestBody', 'content'], `${method} ${path} request`);
    for (const status of Object.keys(operation.responses)) {
      const response = follow([...place, 'responses', status]);
      checkExamples([...response, 'content'], `${method} ${path} ${status}`);
    }
  }
}

function operationOf(method, path) {
  for (const [pattern, methods] of Object.entries(document.paths)) {
    const form = new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
    if (form.test(path) && methods[method]) return ['paths', pattern, method];
  }
  return undefined;
}

const requests = JSON.parse(readFileSync('../../server/openapi/examples/requests.json', 'utf8'));
for (const request of requests) {
  const [method, target] = request.request.split(' ');
  const headers = {};
  if (request.token !== false) headers.Authorization = `Bearer ${process.env.TOKEN}`;
  if (request.key) headers['Idempotency-Key'] = request.key;
  if (request.accept) headers.Accept = request.accept;
  let body;
  if (request.body !== undefined) {
    headers['Content-Type'] = request.type ?? 'application/json';
    body = typeof request.body === 'string' ? request.body : JSON.stringify(request.body);
  }
  const answer = await fetch(base + target, { method, headers, body });
  const text = await answer.text();
  const what = `${request.name}, running: `;
  const place = operationOf(method.toLowerCase(), target.split('?')[0]);
  if (!place) { complain(what, 'no operation'); continue; }
  const response = follow([...place, 'responses', String(answer.status)]);
  const type = answer.headers.get('content-type').split(';')[0];
  const media = [...response, 'content', type];
  if (answer.status !== request.status) complain(what, `status ${answer.status}`, text);
  if (!at(media)) { complain(what, `no answer ${answer.status} ${type} is documented`); continue; }
  checked += 1;
  if (type === 'application/json') check([...media, 'schema'], JSON.parse(text), what);
  else if (type === 'application/x-ndjson') checkText(media, text, what);
}

// A document that nothing was found in would pass as well.
if (checked < 100) complain(`only ${checked} were checked`);
console.log(`${checked} examples and answers checked, ${faults} do not fit`);
process.exit(faults === 0 ? 0 : 1);
