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
  | 'retry';

const partitions =
  'partitions are not part of this release: leave it out, and pass dates as parameters (params_schema)';
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
    ledger: 'the ledger comes with database targets: leave it out; copies of files need none',
  },
  connection: {
    secret_arn: "write the secret field itself as {{ fn.secrets.get('NAME') }}",
  },
  asset: {
    partitions_def: partitions,
    concurrency_key: pools,
    backfill_policy: partitions,
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
  ins: {
    partition_mapping: partitions,
  },
  endpoint: {
    resource: 'it is an older spelling: write connection',
    config: 'it is an older spelling: write configs',
  },
  job: {
    partitions_def: partitions,
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
    connection: 'checks that ask a database are not part of this release: use observation_diff',
    query: 'checks that ask a database are not part of this release: use observation_diff',
  },
  retry: {},
};

const databases = 'is not part of this release: files are moved between the types that are listed';

/** Types of sources, targets and sensors; looked up in upper case, after the connectors' own. */
export const refusedTypes: Readonly<Record<string, string>> = {
  POSTGRES: databases,
  SQLSERVER: databases,
  SNOWFLAKE: databases,
  SNOWFLAKE_MERGE: databases,
};

/** Types of connections; looked up as written, after the connectors' own. */
export const refusedConnectionTypes: Readonly<Record<string, string>> = {
  PostgresResource: databases,
  SQLServerResource: databases,
  SnowflakeResource: databases,
};

/** Older spellings of the options of sources and targets (dialect §4.12), refused where no connector knows them. */
export const olderOptions: Readonly<Record<string, string>> = {
  format: 'write object_type',
  skip_header: 'leave it out; files are copied as they are',
  compression: 'leave it out; files are copied as they are',
  multi_file: 'leave it out; an object is copied whole',
  chunk_size_mb: 'leave it out; the size of parts comes from the plan',
  path: 'write prefix, or key for exactly one object',
  check_is_modifing: 'write check_is_modifying',
};
