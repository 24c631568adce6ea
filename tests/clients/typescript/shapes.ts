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

export interface Failure {
  success: false;
  message: string;
  error_code: string;
}
