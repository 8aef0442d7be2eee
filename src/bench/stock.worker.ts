/** The benchmark's worker of stock tf.layers. */
import { callsOf } from './contender';
import { serve } from './remote';
import { createStock } from './stock/contender';

serve(callsOf(createStock()));
