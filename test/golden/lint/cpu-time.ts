/** Milliseconds of processor time that a call takes: what else the machine does changes nothing. */
export const cpuMs = (call: () => void): number => {
  const before = process.cpuUsage();
  call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};
