// The law of mrs and msr at every place. `npm run fuzz -- register-access`
import { laws, PLACES } from '../commands/register-laws.ts';

laws(PLACES);
