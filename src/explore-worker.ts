// A thread of `spesh explore`. All of it is in the mode's own module, so that the bundle has no further pieces for the thread's sake: they
// would be loaded at every start. Part of main.
const { serveExploration } = await import('./run-explore.ts');
await serveExploration();

export {};
