/** Is there a process of that id? An id may have been given to somebody else; only "no" is certain. */
export const isAlive = (pid: number): boolean => {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // There, but of another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};
