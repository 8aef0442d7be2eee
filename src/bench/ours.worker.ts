/** The benchmark's worker of Tricklab's own trainer. */

import { ownChannel, serve } from '../platform/calls';
import { callsOf } from './contender';
import { createOurs } from './ours';

serve(callsOf(createOurs()), ownChannel());
