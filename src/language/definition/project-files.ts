/** The port through which a project is read; the file system is one adapter, a map of texts in tests another. */
export interface ProjectFiles {
  /**
   * The text of a file. `path` is relative to the project's root with `/`, or absolute (overlays of the command
   * line). Undefined when there is no such file; throws when it exists and cannot be read.
   */
  readFile(path: string): string | undefined;
  /** All files below a folder, recursively, as paths relative to the root with `/`; empty when there is no such folder. */
  listFiles(folder: string): readonly string[];
}
