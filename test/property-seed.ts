// The fast suite's properties begin from one seed, so that a red run speaks of the change and the same commit is never red and green.
// Other seeds: `npm run fuzz -- properties`, or SPESH_PROPERTY_SEED here; a counterexample found there becomes a test of its own.
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['SPESH_PROPERTY_SEED'] ?? 20251114) });
