/** Parquet, by DuckDB. */
export { parquet } from './engine.js';
