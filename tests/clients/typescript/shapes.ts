// The documented shapes of answers, as a client in TypeScript would declare them.

export interface Row {
  timestamp: number; // start of the minute, hour or day, Unix seconds
  repoId: string;
  bucketId: string;
  upl_bytes: number;
  dwl_bytes: number;
  size_change: number;
  latency_ms: number;
  host: string;
}

// fields=*
export interface WideRow extends Row {
  requests: number;
  errors: number;
  client_errors: number;
  server_errors: number;
  gets: number;
  puts: number;
  deletes: number;
  heads: number;
  lists: number;
  others: number;
  latency_sum_ms: number | null;
  latency_min_ms: number | null;
  latency_max_ms: number | null;
  latency_p50_ms: number | null;
  latency_p90_ms: number | null;
  latency_p95_ms: number | null;
  latency_p99_ms: number | null;
}

// integers=string
export interface ExactRow extends Omit<Row, 'upl_bytes' | 'dwl_bytes' | 'size_change'> {
  upl_bytes: string;
  dwl_bytes: string;
  size_change: string;
}

// groupBy=repo
export type RepoRow = Omit<Row, 'bucketId' | 'host'>;

export interface UnitRow extends Omit<Row, 'bucketId'> {
  unitId: string;
}

export interface Rows<R = Row> {
  success: true;
  data: R[];
}

export interface Page<R = Row> extends Rows<R> {
  nextCursor: string;
}

export interface Receipt {
  success: true;
  accepted: number;
  rejected: number;
  duplicates: number;
  duplicate: boolean;
  errors: { index: number; field: string; error: string }[];
}

export interface RepoStats {
  success: true;
  stats: {
    repoId: string;
    totalUploadBytes: string;
    totalDownloadBytes: string;
    totalSizeChange: string;
  }[];
}

interface Total {
  totalCount: string;
  totalUploadBytes: string;
  totalDownloadBytes: string;
  totalSizeChange: string;
}

export interface BucketStats {
  success: true;
  stats: (Total & { bucketId: string })[];
}

export interface UnitStats {
  success: true;
  stats: (Total & { unitId: string })[];
}

export interface NodeNow {
  nodeId: string;
  bucketId: string;
  nodeStatus: 'ONLINE' | 'OFFLINE';
  lastUpdated: string; // ISO 8601
  latency_ms: number;
}

export interface UnitNodeNow extends Omit<NodeNow, 'bucketId'> {
  unitId: string;
}

export interface NodeDay {
  nodeId: string;
  bucketId: string;
  day: number; // Unix seconds of its beginning
  online: number; // percent
  latency_ms: number;
  endpoint: string;
  region: string;
  storageType: string;
  provider: string;
  status: string;
  version: string;
}

export interface BucketNodes {
  success: true;
  nodeStats: {
    ip: string;
    host: string;
    perc_uptime: number;
    avg_latency_ms: number;
    version: string;
    node_status: string;
    last_updated: string;
    last_latency_ms: number;
  }[];
}

export interface Series {
  repoId: string;
  bucketId: string;
  host: string;
  first: number; // Unix seconds of the minute
  last: number;
}

export interface StoragePoint {
  uplBytes: number;
  dwlBytes: number;
  sizeChange: number;
  latencyMs: number;
  requests: number;
}

interface ResourceFilter {
  bucketId: string[];
}

export interface Storage {
  success: true;
  meta: {
    start: number; // Unix milliseconds
    end: number;
    scope: 'org' | 'workspace' | 'repo';
    scopeId: string | null;
    window: '24h' | '7d' | '30d' | '90d' | '180d' | '365d';
    timeBucketSize: '5m' | '1h' | '6h' | '12h' | '1d';
    resourceFilter: ResourceFilter | null;
  };
  summary: {
    total: number;
    avg: number;
    stdDev: number;
    min: number;
    max: number;
    p10: number;
    p50: number;
    p90: number;
  };
  series: (StoragePoint & { ts: number })[];
}

export interface Breakdown {
  success: true;
  meta: {
    start: number;
    end: number;
    scope: 'org' | 'workspace' | 'repo';
    scopeId?: string;
    resourceFilter?: ResourceFilter;
    breakdownBy: 'repos' | 'buckets' | 'nodes' | 'workspaces' | 'providers';
    includesSeries: boolean;
    limit: number;
    offset: number;
    totalEntities: number;
  };
  summary: { total: number };
  entities: {
    entityId: string;
    totals: StoragePoint;
    series?: (StoragePoint & { ts: number })[];
  }[];
}

export interface RepoFacts {
  success: true;
  repoId: string;
  workspace: string;
  provider: string;
}

export interface Failure {
  success: false;
  message: string;
  error_code: string;
}
