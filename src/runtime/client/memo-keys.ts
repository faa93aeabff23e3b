/** What marks a schedule or a sensor as ours, and says which YAML it was made from. Wire contract: never renamed. */
export const memoKeys = {
  project: 'tidemark_project',
  schedule: 'tidemark_schedule',
  sensor: 'tidemark_sensor',
  /** Hash of what was applied last. */
  hash: 'tidemark_hash',
} as const;
