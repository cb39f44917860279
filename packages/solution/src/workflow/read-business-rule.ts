import type {
  BusinessRule,
  Operand,
  RequirementLevel,
  RuleAction,
  RuleBranch,
} from '@outpost/model';
import { ConditionReader, primaryEntity, UnknownActivity, unknown } from './condition-reader.ts';
import {
  type Activity,
  activitiesOf,
  entryOf,
  entryText,
  readXaml,
  stepLabel,
  variableOf,
} from './xaml.ts';

/** What a rule's `Workflow` element says about it. */
export type RuleHeader = Omit<BusinessRule, 'branches' | 'otherwise'>;

export interface ReadRule {
  /** Of a rule that is not understood: a draft with what was understood, which never runs. */
  readonly rule: BusinessRule;
  readonly problem: { readonly message: string; readonly location: string } | null;
}

const levels: Readonly<Record<string, RequirementLevel>> = {
  None: 'none',
  Recommended: 'recommended',
  Required: 'required',
};
const scratchEntity = '[CreatedEntities("primaryEntity#Temp")]';

/** Reads the definition of a business rule as Dataverse exports it. */
export function readBusinessRule(
  xaml: string,
  file: string,
  header: RuleHeader,
  language: string,
): ReadRule {
  const reader = new RuleReader(language);
  try {
    reader.read(readXaml(xaml, file));
  } catch (error) {
    if (!(error instanceof UnknownActivity)) throw error;
    const rule = { ...header, ...reader.parts, state: 'draft' as const };
    return { rule, problem: { message: error.message, location: `${file}/${error.location}` } };
  }
  return { rule: { ...header, ...reader.parts }, problem: null };
}

class RuleReader {
  readonly #language: string;
  readonly #conditions = new ConditionReader();
  readonly #branches: RuleBranch[] = [];
  #otherwise: readonly RuleAction[] | null = null;

  constructor(language: string) {
    this.#language = language;
  }

  get parts(): Pick<BusinessRule, 'branches' | 'otherwise'> {
    return {
      branches: this.#branches,
      ...(this.#otherwise === null ? {} : { otherwise: this.#otherwise }),
    };
  }

  read(root: Activity): void {
    const workflow = root.children.find((child) => child.name === 'Workflow');
    const steps = workflow?.children ?? [];
    if (steps.length === 0) throw new UnknownActivity('The definition has no steps.', root.name);
    for (const step of steps) {
      if (step.name !== 'ConditionSequence') throw unknown(step);
      for (const activity of activitiesOf(step)) this.#statement(activity);
    }
  }

  #statement(activity: Activity): void {
    if (activity.name === 'ConditionBranch') return this.#branch(activity);
    if (!this.#conditions.define(activity)) throw unknown(activity);
  }

  #branch(activity: Activity): void {
    const expression = entryText(activity, 'Condition');
    const then = this.#actions(entryOf(activity, 'Then'));
    // A variable is called `True` in these files, too; it is never set, and means what it says.
    if (variableOf(expression) === 'True') this.#otherwise = then;
    else this.#branches.push({ when: this.#conditions.condition(expression, activity), then });
    const otherwise = entryOf(activity, 'Else');
    if (otherwise !== undefined && otherwise.name !== 'Null') {
      this.#otherwise = this.#actions(otherwise);
    }
  }

  #actions(composite: Activity | undefined): readonly RuleAction[] {
    if (composite?.name !== 'Composite')
      throw new UnknownActivity('A branch has no actions.', 'Then');
    return activitiesOf(composite).flatMap((step) => {
      if (step.name !== 'Sequence') throw unknown(step);
      return this.#sequence(step);
    });
  }

  #sequence(step: Activity): readonly RuleAction[] {
    const actions: RuleAction[] = [];
    let pending: { readonly column: string; readonly value: Operand | null } | null = null;
    for (const activity of step.children) {
      const { ControlId = '', IsVisible, IsReadOnly, RequiredLevel } = activity.attributes;
      const column = ControlId.toLowerCase();
      switch (activity.name) {
        case 'Sequence.Variables':
        case 'Assign':
          if (activity.name === 'Assign') checkScaffold(activity);
          break;
        case 'SetEntityProperty': {
          const { Attribute = '', Entity, Value } = activity.attributes;
          if (Entity !== scratchEntity) throw unknown(activity);
          // A variable that was given no value clears the column.
          pending = { column: Attribute.toLowerCase(), value: this.#conditions.value(Value) };
          break;
        }
        case 'SetAttributeValue':
        case 'SetDefaultValue': {
          if (pending === null) throw unknown(activity);
          const kind = activity.name === 'SetAttributeValue' ? 'setValue' : 'setDefault';
          actions.push(
            pending.value === null
              ? { kind: 'clear', column: pending.column }
              : { kind, column: pending.column, value: pending.value },
          );
          pending = null;
          break;
        }
        case 'SetVisibility':
          actions.push({ kind: 'visible', column, visible: truth(IsVisible, activity) });
          break;
        case 'SetDisplayMode':
          actions.push({ kind: 'lock', column, locked: truth(IsReadOnly, activity) });
          break;
        case 'SetFieldRequiredLevel': {
          const level = levels[RequiredLevel ?? ''];
          if (level === undefined) throw unknown(activity);
          actions.push({ kind: 'require', column, level });
          break;
        }
        case 'SetMessage': {
          const labels = activity.children.find(({ name }) => name === 'SetMessage.StepLabels');
          const message = stepLabel(labels, this.#language);
          if (message === null) throw new UnknownActivity('A message has no text.', activity.name);
          actions.push(
            activity.attributes['Level']?.toUpperCase() === 'RECOMMENDATION'
              ? this.#recommendation(activity, column, message)
              : { kind: 'error', column, message },
          );
          break;
        }
        default:
          if (!this.#conditions.define(activity)) throw unknown(activity);
      }
    }
    if (pending !== null)
      throw new UnknownActivity('A value is set without being written.', step.name);
    return actions;
  }

  /** What the message offers to do. */
  #recommendation(message: Activity, column: string, title: string): RuleAction {
    const offered = message.children.filter(({ name }) => name === 'SetMessage.Activities');
    const steps = offered.flatMap(({ children }) => children).flatMap(activitiesOf);
    const actions = steps.flatMap((step) => {
      if (step.name !== 'Sequence') throw unknown(step);
      return this.#sequence(step);
    });
    return { kind: 'recommend', column, title, text: title, actions };
  }
}

/** Assignments prepare the row that is written; anything else would be lost. */
function checkScaffold(activity: Activity): void {
  const { To = '' } = activity.attributes;
  const scaffolds = [scratchEntity, primaryEntity, scratchEntity.replace(']', '.Id]')];
  if (!scaffolds.includes(To)) throw unknown(activity);
}

function truth(text: string | undefined, activity: Activity): boolean {
  if (text === 'True') return true;
  if (text === 'False') return false;
  throw unknown(activity);
}
