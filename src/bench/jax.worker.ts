/** The benchmark's worker of jax-js. */
import { callsOf } from './contender';
import { createJax } from './jax/contender';
import { ownChannel, serve } from './remote';

serve(callsOf(createJax()), ownChannel());
