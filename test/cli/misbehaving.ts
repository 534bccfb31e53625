// Imported into a server's process before anything else: has it misbehave on SIGUSR2, as MISBEHAVE says.
process.on('SIGUSR2', () => {
  const [how, forMs] = (process.env['MISBEHAVE'] ?? '').split('=');
  if (how === 'throw') throw new TypeError('a fault that nobody caught');
  if (how === 'reject') void Promise.reject(new TypeError('a promise that nobody minded'));
  if (how === 'stall') standStill(Number(forMs));
});

function standStill(forMs: number): void {
  const untilMs = performance.now() + forMs;
  while (performance.now() < untilMs);
}
