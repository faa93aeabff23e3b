/**
 * What the dialect knows and this release does not do: refused by name, with what to write instead, never ignored.
 * An entry leaves this table in the release that supports it.
 */

export type Section =
  | 'file'
  | 'project'
  | 'connection'
  | 'asset'
  | 'ins'
  | 'endpoint'
  | 'job'
  | 'schedule'
  | 'sensor'
  | 'check'
  | 'partitions'
  | 'retry';

const pools =
  'pools are not part of this release: leave it out; on_overlap says what a second run of an asset does';
const eager =
  'running by itself is not part of this release: give the job a cron, or start it from a sensor';
const blueprint =
  'blueprints are not part of this release: write the assets out, one for each set of values';

export const refusedKeys: Readonly<Record<Section, Readonly<Record<string, string>>>> = {
  file: {
    source_assets: 'data that others make is not declared in this release: leave the section out',
    multi_assets: 'it is an older spelling: write one entry of assets for each output',
    ops: 'it is not part of the dialect: write ops_config in the job for values of single assets',
    blueprint,
    blueprint_name: blueprint,
    template: blueprint,
    version: blueprint,
    params_schema: 'parameters are declared in a job: move it to jobs[].params_schema',
  },
  project: {
    ledger:
      'a ledger stands with its target: leave it out, and write ledger_schema at a target that is a table; files have theirs in _tidemark',
  },
  connection: {
    secret_arn: "write the secret field itself as {{ fn.secrets.get('NAME') }}",
  },
  asset: {
    concurrency_key: pools,
    backfill_policy:
      'each partition has a run of its own: leave it out; tidemark backfill --parallel says how many at once',
    automation_policy: eager,
    auto_materialize_policy: eager,
    freshness_policy: 'it is not part of this release: leave it out',
    type: 'assets have no type in this release: write source.type and target.type, one asset for each table',
    tables: 'multi_asset is not part of this release: write one asset for each table',
    stream_overrides: 'multi_asset is not part of this release: write one asset for each table',
    on_error: 'steps after a failure are not part of this release: leave it out',
    connection: 'it is an older spelling: write source.connection and target.connection',
    configs: 'it is an older spelling: write source.configs and target.configs',
  },
  ins: {},
  endpoint: {
    resource: 'it is an older spelling: write connection',
    config: 'it is an older spelling: write configs',
  },
  job: {
    partitions_def: 'a job has the partitions of its assets: write it at each of them',
    concurrency: pools,
    ops: 'it is not part of the dialect: write ops_config for values of single assets',
    asset_selection: 'it is an older spelling: write selection',
  },
  schedule: {
    job_name: 'it is an older spelling: write job',
    cron_schedule: 'it is an older spelling: write cron',
  },
  sensor: {
    asset_selection:
      'a sensor starts its whole job: write one sensor and one job for each choice of assets',
    ops_config: 'write params: values for the runs that the sensor starts',
  },
  check: {
    connection: 'a check asks the target of its asset: leave it out',
    query: 'it is an older spelling: write type: sql and sql',
  },
  partitions: {},
  retry: {},
};

const databases =
  'is not part of this release: files and rows are moved between the types that are listed';

/** Types of sources, targets and sensors; looked up in upper case, after the connectors' own. */
export const refusedTypes: Readonly<Record<string, string>> = {
  SQLSERVER: databases,
  SNOWFLAKE: databases,
  SNOWFLAKE_MERGE: databases,
};

/** Types of connections; looked up as written, after the connectors' own. */
export const refusedConnectionTypes: Readonly<Record<string, string>> = {
  SQLServerResource: databases,
  SnowflakeResource: databases,
};

/** Older spellings of the options of sources and targets (dialect §4.12), refused where no connector knows them. */
export const olderOptions: Readonly<Record<string, string>> = {
  format: 'write object_type',
  skip_header:
    'write csv_options: { has_headers: true } where rows are read; plain copies keep the bytes',
  compression: 'write compress_options: { type: GZIP }',
  multi_file: 'write mode: MULTI_FILE at the target, or leave it out',
  chunk_size_mb: 'leave it out; the size of parts comes from the plan',
  path: 'write prefix, or key for exactly one object',
  check_is_modifing: 'write check_is_modifying',
};
