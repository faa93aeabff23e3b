/** Where things are: the repository, the example project and its folder of state, which git ignores. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The nearest folder upwards with our package.json: sources and compiled files lie at different depths. */
const repositoryRoot = (): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
};

export interface Places {
  readonly project: string;
  /** The compiled program `tidemark`. */
  readonly tidemark: string;
  /** Logs of the background programs. */
  readonly logs: string;
  /** Prepared data, kept from demo to demo. */
  readonly prepared: string;
  /** Parquet and CSV of the package vega-datasets. */
  readonly datasets: string;
}

export const demoPlaces = (): Places => {
  const root = repositoryRoot();
  const project = join(root, 'example-pipelines');
  const state = join(project, '.tidemark');
  return {
    project,
    tidemark: join(root, 'dist', 'src', 'cli', 'main.js'),
    logs: join(state, 'logs'),
    prepared: join(state, 'demo-data'),
    // Its package.json exports no path of the data.
    datasets: join(root, 'node_modules', 'vega-datasets', 'data'),
  };
};
