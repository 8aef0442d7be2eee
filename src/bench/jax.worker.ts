/** The benchmark's worker of jax-js. */

import { ownChannel, serve } from '../platform/calls';
import { callsOf } from './contender';
import { createJax } from './jax/contender';

serve(callsOf(createJax()), ownChannel());
