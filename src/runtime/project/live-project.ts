/**
 * The project as it is on disk now. Loaded again when a file changed, so that an edited YAML takes effect with the next
 * run and never within one: runs keep their plan.
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Connector } from '../../connectors/connector.js';
import { defineError, TidemarkError } from '../../core/errors/error.js';
import { renderDiagnostic } from '../../core/errors/render.js';
import type { Definition } from '../../language/definition/definition.js';
import { loadProject, type LoadedProject } from '../../language/lint/load-project.js';
import { projectFilesOf } from './project-files.js';

export const projectBroken = defineError({
  code: 'project/has-errors',
  recovery: 'never',
  summary: 'The project has errors, so nothing can be planned from it.',
  fix: 'Run `tidemark lint` and correct what it says; then start the run again.',
});

export interface ProjectPlace {
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly envName?: string;
  readonly connectionFiles?: readonly string[];
  readonly connectors: readonly Connector[];
}

/** Folders whose files make a project. */
const watched: readonly string[] = ['connections', 'vars', 'pipelines', 'defs'];

/** Of what cannot be looked at: nothing; reading it says why. */
const stampOf = (path: string): string => {
  try {
    const { mtimeMs, size } = statSync(path);
    return `${String(mtimeMs)} ${String(size)}`;
  } catch {
    return '';
  }
};

export class LiveProject {
  readonly #place: ProjectPlace;
  #signature = '';
  #loaded: LoadedProject | null = null;

  constructor(place: ProjectPlace) {
    this.#place = place;
  }

  get root(): string {
    return this.#place.root;
  }

  get env(): Readonly<Record<string, string | undefined>> {
    return this.#place.env;
  }

  /** All findings included; reads files only when something changed. */
  load(): LoadedProject {
    const signature = this.#signatureNow();
    if (this.#loaded === null || signature !== this.#signature) {
      const { envName, connectionFiles } = this.#place;
      this.#loaded = loadProject({
        root: this.#place.root,
        files: projectFilesOf(this.#place.root),
        env: this.#place.env,
        connectors: this.#place.connectors,
        ...(envName === undefined ? {} : { envName }),
        ...(connectionFiles === undefined ? {} : { connectionFiles }),
      });
      this.#signature = signature;
    }
    return this.#loaded;
  }

  /** The definition, or `project/has-errors` with the first finding. */
  definition(): Definition {
    const { definition, diagnostics } = this.load();
    if (definition !== null) return definition;
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    const [first] = errors;
    const more = errors.length > 1 ? ` (and ${String(errors.length - 1)} more)` : '';
    // Without the excerpt: it becomes part of a history, and the line may hold a secret in plain text.
    const text = first === undefined ? '' : renderDiagnostic(first);
    throw new TidemarkError(projectBroken, `the project cannot be loaded${more}:\n${text}\n`);
  }

  #signatureNow(): string {
    const { root, connectionFiles = [] } = this.#place;
    const files = projectFilesOf(root);
    const listed = watched.flatMap((folder) => files.listFiles(folder));
    return ['tidemark.yaml', ...listed, ...connectionFiles]
      .map((path) => `${path} ${stampOf(resolve(root, path))}`)
      .join('\n');
  }
}
