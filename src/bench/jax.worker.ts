/** The benchmark's worker of jax-js. */
import { callsOf } from './contender';
import { createJax } from './jax/contender';
import { serve } from './remote';

serve(callsOf(createJax()));
