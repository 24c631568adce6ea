#include "openapi/page.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "openapi/plain_json.hpp"

namespace minuted::openapi {
namespace {

namespace json = boost::json;

// JSON of an example that fits is written on one line.
constexpr std::size_t kLineBytesMax = 88;

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }
std::string_view view(boost::core::string_view text) { return {text.data(), text.size()}; }

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

// The little Markdown that descriptions have: `code`, *stress*, and empty lines between paragraphs.
std::string inline_text(std::string_view text) {
  std::string out;
  bool code = false;
  bool stressed = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '`') {
      out += code ? "</code>" : "<code>";
      code = !code;
    } else if (c == '*' && !code) {
      out += stressed ? "</em>" : "<em>";
      stressed = !stressed;
    } else {
      out += escaped(text.substr(i, 1));
    }
  }
  return out;
}

std::string paragraphs(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    out += "<p>" + inline_text(text.substr(0, end)) + "</p>\n";
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return out;
}

// As people write it: what is short on one line, the rest indented.
void pretty(const json::value& value, std::size_t indent, std::string& out) {
  const std::string flat = to_text(value);
  const bool open = (value.is_object() && !value.get_object().empty()) ||
                    (value.is_array() && !value.get_array().empty());
  if (!open || flat.size() + indent <= kLineBytesMax) {
    out += flat;
    return;
  }
  const std::string margin(indent + 2, ' ');
  const bool is_object = value.is_object();
  out += is_object ? "{" : "[";
  const char* comma = "\n";
  const auto next = [&] {
    out += comma + margin;
    comma = ",\n";
  };
  if (is_object) {
    for (const auto& [key, member] : value.get_object()) {
      next();
      out += to_text(json::value(key)) + ": ";
      pretty(member, indent + 2, out);
    }
  } else {
    for (const json::value& member : value.get_array()) {
      next();
      pretty(member, indent + 2, out);
    }
  }
  out += "\n" + std::string(indent, ' ') + (is_object ? "}" : "]");
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return out;
}

class Page {
 public:
  explicit Page(const json::value& document)
      : document_(document.as_object()),
        paths_(document_.at("paths").as_object()),
        components_(document_.at("components").as_object()) {}

  std::string render(std::string_view style) {
    const json::object& info = document_.at("info").as_object();
    out_ = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
           "<meta name=\"color-scheme\" content=\"light dark\">\n"
           "<title>minuted: HTTP API</title>\n<link rel=\"stylesheet\" href=\"" +
           escaped(style) + "\">\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">To the text</a>\n";
    contents();
    out_ += "<main id=\"main\">\n<header>\n<h1>minuted <small>" +
            escaped(text(info, "version")) + "</small></h1>\n" +
            paragraphs(text(info, "description")) +
            "<p>For programs: <a href=\"openapi.json\">openapi.json</a>, OpenAPI 3.1.</p>\n"
            "</header>\n";
    for (const json::value& tag : document_.at("tags").as_array()) section(tag.as_object());
    errors();
    schemas();
    out_ += "</main>\n</body>\n</html>\n";
    return std::move(out_);
  }

 private:
  static std::string_view text(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? view(value->get_string()) : std::string_view();
  }

  // What a `$ref` stands for; anything else stands for itself.
  const json::object& resolved(const json::object& object) const {
    const std::string_view to = text(object, "$ref");
    if (to.empty()) return object;
    const std::string_view name = to.substr(to.rfind('/') + 1);
    const std::string_view path = to.substr(0, to.rfind('/'));
    return components_.at(path.substr(path.rfind('/') + 1)).at(name).as_object();
  }

  template <class Visit>
  void each_operation(std::string_view tag, Visit visit) const {
    for (const auto& [path, methods] : paths_) {
      for (const auto& [method, operation] : methods.as_object()) {
        const json::object& one = operation.as_object();
        if (view(one.at("tags").at(0).as_string()) == tag) visit(view(method), view(path), one);
      }
    }
  }

  void contents() {
    out_ += "<nav aria-label=\"Contents\"><details open><summary>Contents</summary>\n";
    for (const json::value& tag : document_.at("tags").as_array()) {
      const std::string name(text(tag.as_object(), "name"));
      out_ += "<h2><a href=\"#" + name + "\">" + name + "</a></h2>\n<ul>\n";
      each_operation(name, [&](std::string_view method, std::string_view path,
                               const json::object& operation) {
        out_ += "<li><a href=\"#" + std::string(text(operation, "operationId")) + "\">" +
                badge(method) + " " + breakable(path) + "</a></li>\n";
      });
      out_ += "</ul>\n";
    }
    out_ += "<h2><a href=\"#errors\">error codes</a></h2>\n<h2><a href=\"#schemas\">shapes</a></h2>\n"
            "</details></nav>\n";
  }

  static std::string badge(std::string_view method) {
    return "<b class=\"method " + std::string(method) + "\">" + upper(method) + "</b>";
  }

  // A long path may break after a slash.
  static std::string breakable(std::string_view path) {
    std::string out;
    for (const char c : path) out += c == '/' ? "/<wbr>" : escaped(std::string_view(&c, 1));
    return out;
  }

  void section(const json::object& tag) {
    const std::string name(text(tag, "name"));
    out_ += "<section id=\"" + name + "\">\n<h2>" + name + "</h2>\n" +
            paragraphs(text(tag, "description"));
    each_operation(name, [&](std::string_view method, std::string_view path,
                             const json::object& one) { operation(method, path, one); });
    out_ += "</section>\n";
  }

  void operation(std::string_view method, std::string_view path, const json::object& one) {
    const std::string id(text(one, "operationId"));
    const std::string needs(text(one, "x-needs"));
    out_ += "<article id=\"" + id + "\">\n<h3><a href=\"#" + id + "\">" + badge(method) + " <code>" +
            breakable(path) + "</code></a></h3>\n<p class=\"lead\">" +
            escaped(text(one, "summary")) + " <span class=\"needs\">" +
            (needs.empty() ? "open to all" : "token: " + escaped(needs)) + "</span></p>\n" +
            paragraphs(text(one, "description"));
    if (const auto* list = one.if_contains("parameters")) parameters(list->as_array());
    if (const auto* body = one.if_contains("requestBody")) request(body->as_object());
    responses(one.at("responses").as_object());
    out_ += "</article>\n";
  }

  void parameters(const json::array& list) {
    out_ += "<h4>Parameters</h4>\n<div class=\"wide\"><table>\n<thead><tr><th>name<th>in<th>form<th>meaning"
            "</tr></thead>\n<tbody>\n";
    for (const json::value& item : list) {
      const json::object& one = resolved(item.as_object());
      const bool required = one.contains("required");
      out_ += "<tr><td><code>" + escaped(text(one, "name")) + "</code>" +
              (required ? " <i>required</i>" : "") + "<td>" + escaped(text(one, "in")) + "<td>" +
              form(one.at("schema").as_object()) + "<td>" +
              inline_text(text(one, "description")) + "</tr>\n";
    }
    out_ += "</tbody></table></div>\n";
  }

  // Types, values and limits of a schema, in few words.
  std::string form(const json::object& schema) const {
    const std::string_view to = text(schema, "$ref");
    if (!to.empty()) return link(to.substr(to.rfind('/') + 1));
    std::string out;
    const auto add = [&](const std::string& words) { out += (out.empty() ? "" : ", ") + words; };
    if (const auto* values = schema.if_contains("enum")) {
      std::string list;
      for (const json::value& value : values->as_array()) {
        list += (list.empty() ? "<code>" : " <code>") + escaped(plain(value)) + "</code>";
      }
      add(list);
    }
    if (const auto* value = schema.if_contains("const")) {
      add("<code>" + escaped(plain(*value)) + "</code>");
    }
    if (const auto* items = schema.if_contains("items")) {
      add("list of " + form(items->as_object()));
    } else if (const auto* type = schema.if_contains("type")) {
      add(types(*type));
    }
    for (const char* key : {"anyOf", "oneOf"}) {
      const auto* list = schema.if_contains(key);
      if (list == nullptr || schema.contains("properties")) continue;
      std::string choice;
      for (const json::value& one : list->as_array()) {
        choice += (choice.empty() ? "" : " or ") + form(one.as_object());
      }
      add(choice);
    }
    limits(schema, add);
    return out;
  }

  template <class Add>
  static void limits(const json::object& schema, Add add) {
    const auto limit = [&](const char* key, const char* before, const char* after = "") {
      if (const auto* value = schema.if_contains(key)) add(before + escaped(plain(*value)) + after);
    };
    limit("minimum", "from ");
    limit("maximum", "to ");
    limit("maxLength", "up to ", " bytes");
    limit("maxItems", "up to ", " of them");
    limit("default", "default ");
  }

  static std::string plain(const json::value& value) {
    return value.is_string() ? std::string(view(value.get_string())) : to_text(value);
  }

  static std::string types(const json::value& type) {
    if (type.is_string()) return escaped(view(type.get_string()));
    std::string out;
    for (const json::value& one : type.as_array()) {
      out += (out.empty() ? "" : " or ") + escaped(plain(one));
    }
    return out;
  }

  static std::string link(std::string_view name) {
    return "<a href=\"#" + anchor(name) + "\">" + escaped(name) + "</a>";
  }
  static std::string anchor(std::string_view name) { return "shape-" + std::string(name); }

  void request(const json::object& body) {
    out_ += "<h4>Body</h4>\n" + paragraphs(text(body, "description"));
    media(body.at("content").as_object());
    examples(body.at("content").as_object(), true);
  }

  void media(const json::object& content) {
    out_ += "<ul class=\"media\">\n";
    for (const auto& [type, one] : content) {
      const json::object& schema = one.at("schema").as_object();
      const bool is_words = text(schema, "$ref").empty();
      out_ += "<li><code>" + escaped(view(type)) + "</code>: " +
              (is_words ? words(text(schema, "description")) : form(schema)) + "</li>\n";
    }
    out_ += "</ul>\n";
  }

  // `lines of Row`: the last word may be a shape.
  std::string words(std::string_view text) const {
    const std::size_t last = text.rfind(' ') + 1;
    if (last != 0 && components_.at("schemas").as_object().contains(text.substr(last))) {
      return escaped(text.substr(0, last)) + link(text.substr(last));
    }
    return escaped(text);
  }

  void responses(const json::object& all) {
    const json::object& good = resolved(all.at("200").as_object());
    out_ += "<h4>Answer</h4>\n" + paragraphs(text(good, "description"));
    media(good.at("content").as_object());
    examples(good.at("content").as_object(), true);
    out_ += "<h4>Other answers</h4>\n<div class=\"wide\"><table>\n<tbody>\n";
    for (const auto& [status, value] : all) {
      if (status == "200") continue;
      const json::object& one = resolved(value.as_object());
      out_ += "<tr><th>" + escaped(view(status)) + "<td>" + codes(one) + "</tr>\n";
    }
    out_ += "</tbody></table></div>\n";
    for (const auto& [status, value] : all) {
      const json::object& one = resolved(value.as_object());
      if (status != "200" && one.contains("content")) examples(one.at("content").as_object(), false);
    }
  }

  static std::string codes(const json::object& response) {
    const json::value* content = response.if_contains("content");
    if (content == nullptr) return inline_text(text(response, "description"));
    const json::value& schema = content->at("application/json").at("schema");
    std::string out;
    for (const json::value& code : schema.at("properties").at("error_code").at("enum").as_array()) {
      const std::string name = escaped(plain(code));
      out += (out.empty() ? "" : " ") + ("<a href=\"#error-" + name + "\"><code>" + name + "</code></a>");
    }
    return out;
  }

  void examples(const json::object& content, bool open) {
    for (const auto& [type, one] : content) {
      const json::value* list = one.as_object().if_contains("examples");
      if (list == nullptr) continue;
      for (const auto& [name, example] : list->as_object()) {
        const json::value& value = example.at("value");
        std::string shown;
        if (value.is_string()) {
          shown = plain(value);
        } else {
          pretty(value, 0, shown);
        }
        std::string title(view(name));
        std::replace(title.begin(), title.end(), '_', ' ');
        out_ += std::string("<details class=\"example\"") + (open ? " open" : "") + "><summary>" +
                escaped(title) + " <code>" +
                escaped(text(example.as_object(), "summary")) + "</code></summary>\n" +
                paragraphs(text(example.as_object(), "description")) + "<pre tabindex=\"0\">" +
                escaped(shown) + "</pre></details>\n";
      }
    }
  }

  void errors() {
    out_ += "<section id=\"errors\">\n<h2>error codes</h2>\n"
            "<p><code>error_code</code> of an error, its status and what it means.</p>\n"
            "<div class=\"wide\"><table>\n<thead><tr><th>code<th>status<th>meaning</tr></thead>\n<tbody>\n";
    for (const json::value& code : components_.at("schemas").at("ErrorCode").at("oneOf").as_array()) {
      const json::object& one = code.as_object();
      const std::string name(text(one, "const"));
      out_ += "<tr id=\"error-" + name + "\"><td><code>" + name + "</code><td>" +
              escaped(text(one, "title")) + "<td>" + inline_text(text(one, "description")) +
              "</tr>\n";
    }
    out_ += "</tbody></table></div>\n</section>\n";
  }

  void schemas() {
    out_ += "<section id=\"schemas\">\n<h2>shapes</h2>\n<p>What bodies, answers and parameters are made "
            "of.</p>\n";
    for (const auto& [name, value] : components_.at("schemas").as_object()) {
      const json::object& schema = value.as_object();
      out_ += "<article id=\"" + anchor(view(name)) + "\">\n<h3>" + escaped(view(name)) + "</h3>\n" +
              paragraphs(text(schema, "description"));
      const json::value* properties = schema.if_contains("properties");
      if (name == "ErrorCode") {
        out_ += "<p>One of the <a href=\"#errors\">error codes</a>.</p>\n";
      } else if (properties == nullptr) {
        out_ += "<p>" + form(schema) + "</p>\n";
      } else {
        out_ += "<div class=\"wide\"><table>\n<thead><tr><th>field<th>form<th>meaning</tr></thead>\n"
                "<tbody>\n";
        fields("", schema, out_);
        out_ += "</tbody></table></div>\n";
      }
      out_ += "</article>\n";
    }
    out_ += "</section>\n";
  }

  // A row a field, those of inner objects below it with the path to them.
  void fields(const std::string& before, const json::object& schema, std::string& out) const {
    const json::value* required = schema.if_contains("required");
    for (const auto& [name, value] : schema.at("properties").as_object()) {
      const json::object& one = value.as_object();
      const bool always =
          required != nullptr && std::any_of(required->as_array().begin(), required->as_array().end(),
                                             [&](const json::value& r) { return r == json::value(name); });
      std::string_view meaning = text(one, "description");
      if (meaning.empty()) meaning = text(resolved(one), "description");
      const json::value* items = one.if_contains("items");
      const json::object* inner = one.contains("properties")                                        ? &one
                                  : items != nullptr && items->as_object().contains("properties")
                                      ? &items->as_object()
                                      : nullptr;
      const std::string path = before + std::string(view(name));
      out += "<tr><td><code>" + escaped(path) + "</code>" + (always ? "" : " <i>optional</i>") +
             "<td>" + (items != nullptr && inner != nullptr ? std::string("list of objects") : form(one)) +
             "<td>" + inline_text(meaning) + "</tr>\n";
      if (inner != nullptr) fields(path + (items != nullptr ? "[]." : "."), *inner, out);
    }
  }

  const json::object& document_;
  const json::object& paths_;
  const json::object& components_;
  std::string out_;
};

}  // namespace

std::string render_page(std::string_view document, std::string_view style) {
  const json::value parsed = json::parse({document.data(), document.size()});
  return Page(parsed).render(style);
}

}  // namespace minuted::openapi
