/** The benchmark's worker of Tricklab's own trainer. */
import { callsOf } from './contender';
import { createOurs } from './ours';
import { ownChannel, serve } from './remote';

serve(callsOf(createOurs()), ownChannel());
