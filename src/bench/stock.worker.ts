/** The benchmark's worker of stock tf.layers. */

import { ownChannel, serve } from '../platform/calls';
import { callsOf } from './contender';
import { createStock } from './stock/contender';

serve(callsOf(createStock()), ownChannel());
