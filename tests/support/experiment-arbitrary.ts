/** Random experiments for property tests: any choice, any switches that may be on together, any options in range. */
import fc from 'fast-check';
import type { OptionControl, OptionValue, OptionValues } from '../../src/catalog/define';
import { allParts } from '../../src/catalog/parts';
import { rivalsOf, tricks } from '../../src/catalog/tricks';
import { choices, controlsOf, type Experiment } from '../../src/experiment/schema';

/** Any value that an option takes. */
export function optionArbitrary(control: OptionControl): fc.Arbitrary<OptionValue> {
  switch (control.kind) {
    case 'number':
      return control.integer
        ? fc.integer({ min: control.min, max: control.max })
        : // -0 is written as 0, and is no other setting.
          fc.double({ min: control.min, max: control.max, noNaN: true }).map((value) => value + 0);
    case 'boolean':
      return fc.boolean();
    case 'choice':
      return fc.constantFrom(...control.choices);
    case 'text':
    case 'checkpoint':
      return fc.string({ maxLength: Math.min(control.maxLength, 60), unit: 'binary-ascii' });
    case 'numbers':
      return fc.array(fc.integer({ min: control.min, max: control.max }), {
        minLength: control.length,
        maxLength: control.length,
      });
    default:
      return control satisfies never;
  }
}

const optionsArbitrary: fc.Arbitrary<Record<string, OptionValues>> = fc.record(
  Object.fromEntries(
    allParts().map(({ part }) => [
      part.id,
      fc.record(Object.fromEntries([...controlsOf(part)].map(([name, control]) => [name, optionArbitrary(control)]))),
    ]),
  ),
);

const switchesArbitrary: fc.Arbitrary<Record<string, boolean>> = fc
  .record(Object.fromEntries(tricks.map(({ id }) => [id, fc.boolean()])))
  .map((on) => {
    for (const { id } of tricks) if (on[id]) for (const rival of rivalsOf(id)) on[rival.id] = false;
    return on;
  });

const oneOf = (registry: readonly { id: string }[]) => fc.constantFrom(...registry.map(({ id }) => id));

/** Any experiment that parseExperiment accepts. */
export const experimentArbitrary: fc.Arbitrary<Experiment> = fc.record({
  version: fc.constant(1 as const),
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  dataset: oneOf(choices.dataset),
  model: oneOf(choices.model),
  optimizer: oneOf(choices.optimizer),
  schedule: oneOf(choices.schedule),
  engine: fc.constantFrom(...choices.engine.map(({ id }) => id)),
  on: switchesArbitrary,
  options: optionsArbitrary,
});
