import { expect, test } from 'vitest';
import { optimizers } from '../../../src/catalog/optimizers';
import { defaultOptions } from '../../../src/catalog/parts';
import updates from '../../fixtures/optimizers/updates.json';

test("every optimizer's rule is held to an implementation that is not ours", () => {
  const held = new Set(updates.cases.map(({ plan }) => plan.rule.kind));
  for (const optimizer of optimizers)
    expect(held, optimizer.id).toContain(optimizer.plan(defaultOptions(optimizer)).rule.kind);
});

test('an option of an optimizer is either its rate or in its plan', () => {
  for (const optimizer of optimizers) {
    const options = defaultOptions(optimizer);
    for (const [name, value] of Object.entries(options)) {
      if (name === 'lr') continue;
      const other = typeof value === 'boolean' ? !value : Number(value) / 2 + 0.125;
      expect(optimizer.plan({ ...options, [name]: other }), `${optimizer.id}.${name}`).not.toEqual(
        optimizer.plan(options),
      );
    }
  }
});
