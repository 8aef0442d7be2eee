/** The benchmark's worker of stock tf.layers. */
import { callsOf } from './contender';
import { ownChannel, serve } from './remote';
import { createStock } from './stock/contender';

serve(callsOf(createStock()), ownChannel());
