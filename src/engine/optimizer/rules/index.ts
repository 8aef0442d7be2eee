/** The update rules, a line each. */
import type { UpdateRule } from '../../../core/optimizer';
import { adamw } from './adamw';
import type { RuleDefinition } from './define';
import { lars } from './lars';
import { sgd } from './sgd';

const rules: { [K in UpdateRule['kind']]: RuleDefinition<K> } = { adamw, lars, sgd };

/** How a rule is applied. */
export const definitionOf = <K extends UpdateRule['kind']>(rule: { kind: K }): RuleDefinition<K> => rules[rule.kind];
