/** Pieces of workflow definitions in the shape of Dataverse's exports. */
const reference = (name: string, inside: string, more = '') =>
  `<w:ActivityReference AssemblyQualifiedName="Microsoft.Crm.Workflow.Activities.${name}, Microsoft.Crm.Workflow, Version=9.0.0.0" ${more}>${inside}</w:ActivityReference>`;
const argumentsOf = (entries: Readonly<Record<string, string>>) =>
  `<w:ActivityReference.Arguments>${Object.entries(entries)
    .map(([key, text]) =>
      text === '' ? `<x:Null x:Key="${key}"/>` : `<InArgument x:Key="${key}">${text}</InArgument>`,
    )
    .join('')}</w:ActivityReference.Arguments>`;
const properties = (inside: string) =>
  `<w:ActivityReference.Properties>${inside}</w:ActivityReference.Properties>`;
const activities = (inside: string) => `<c:Collection x:Key="Activities">${inside}</c:Collection>`;

export const workflow = (inside: string): string =>
  `<Activity xmlns="http://schemas.microsoft.com/netfx/2009/xaml/activities" xmlns:b="clr-namespace:Microsoft.Crm.Workflow.ClientActivities;assembly=A" xmlns:f="clr-namespace:Microsoft.Crm.Workflow.BusinessProcessFlowActivities" xmlns:w="clr-namespace:Microsoft.Xrm.Sdk.Workflow.Activities;assembly=B" xmlns:c="clr-namespace:System.Collections.ObjectModel" xmlns:o="clr-namespace:Other" xmlns:x="http://schemas.microsoft.com/winfx/2006/xaml"><w:Workflow>${inside}</w:Workflow></Activity>`;

export const rule = (steps: string): string =>
  workflow(reference('ConditionSequence', properties(activities(steps))));

export const column = (name: string, variable: string): string =>
  `<w:GetEntityProperty Attribute="${name}" Entity="[InputEntities(&quot;primaryEntity&quot;)]" Value="[${variable}]"/>`;

export const expression = (operator: string, items: string, result: string): string =>
  reference(
    'EvaluateExpression',
    argumentsOf({
      ExpressionOperator: operator,
      Parameters: `[New Object() { ${items} }]`,
      Result: `[${result}]`,
    }),
  );

export const literal = (type: string, value: string, result: string): string =>
  expression(
    'CreateCrmType',
    `Microsoft.Xrm.Sdk.Workflow.WorkflowPropertyType.${type}, "${value}"`,
    result,
  );

export const condition = (
  operator: string,
  operand: string,
  items: string,
  result: string,
): string =>
  reference(
    'EvaluateCondition',
    argumentsOf({
      ConditionOperator: operator,
      Operand: `[${operand}]`,
      Parameters: items === '' ? '' : `[New Object() { ${items} }]`,
      Result: `[${result}]`,
    }),
  );

export const logic = (operator: string, left: string, right: string, result: string): string =>
  reference(
    'EvaluateLogicalCondition',
    argumentsOf({
      LogicalOperator: operator,
      LeftOperand: `[${left}]`,
      RightOperand: `[${right}]`,
      Result: `[${result}]`,
    }),
  );

export const branch = (when: string, ...steps: readonly string[]): string =>
  reference(
    'ConditionBranch',
    argumentsOf({ Condition: `[${when}]` }) +
      properties(
        `${reference(
          'Composite',
          properties(activities(steps.map((one) => `<Sequence>${one}</Sequence>`).join(''))),
          'x:Key="Then"',
        )}<x:Null x:Key="Else"/>`,
      ),
  );

const scratch = '[CreatedEntities(&quot;primaryEntity#Temp&quot;)]';
export const setValue = (name: string, variable: string, how = 'SetAttributeValue'): string =>
  `<Assign To="${scratch}" Value="[New Entity()]"/><w:SetEntityProperty Attribute="${name}" Entity="${scratch}" Value="[${variable}]"/><b:${how}/>`;

export const message = (name: string, text: string): string =>
  `<b:SetMessage ControlId="${name}"><b:SetMessage.StepLabels><b:StepLabel Description="${text}" LanguageCode="1033"/></b:SetMessage.StepLabels></b:SetMessage>`;

/** A message that offers to do something. */
export const recommendation = (name: string, text: string, ...steps: readonly string[]): string =>
  `<b:SetMessage ControlId="${name}" Level="RECOMMENDATION"><b:SetMessage.Activities>${reference(
    'ActionComposite',
    properties(activities(steps.map((one) => `<Sequence>${one}</Sequence>`).join(''))),
  )}</b:SetMessage.Activities><b:SetMessage.StepLabels><b:StepLabel Description="${text}" LanguageCode="1033"/></b:SetMessage.StepLabels></b:SetMessage>`;

export interface StageText {
  readonly id: string;
  readonly name: string;
  readonly next: string | null;
  readonly columns: readonly string[];
  readonly required?: boolean;
  /** Statements of a condition on the next stage, then its branches. */
  readonly conditions?: string;
}

/** A branch of a stage that leads to another one. */
export const nextStage = (when: string, id: string): string =>
  reference(
    'ConditionBranch',
    argumentsOf({ Condition: `[${when}]` }) +
      properties(
        reference(
          'Composite',
          properties(activities(`<f:SetNextStage StageId="${id}"/>`)),
          'x:Key="Then"',
        ),
      ),
  );

export const stage = ({
  id,
  name,
  next,
  columns,
  required = false,
  conditions,
}: StageText): string =>
  reference(
    'EntityComposite',
    properties(
      activities(
        reference(
          'StageComposite',
          properties(
            activities(
              columns
                .map((one) =>
                  reference(
                    'StepComposite',
                    properties(
                      `${activities(`<Sequence><f:Control DataFieldName="${one}" ControlDisplayName="${one}"/></Sequence>`)}<x:Boolean x:Key="IsProcessRequired">${required ? 'True' : 'False'}</x:Boolean>`,
                    ),
                  ),
                )
                .join('') +
                (conditions === undefined
                  ? ''
                  : reference('ConditionSequence', properties(activities(conditions)))),
            ) +
              `<c:Collection x:Key="StepLabels"><f:StepLabel Description="${name}" LanguageCode="1033"/></c:Collection><x:String x:Key="StageId">${id}</x:String>${next === null ? '<x:Null x:Key="NextStageId"/>' : `<x:String x:Key="NextStageId">${next}</x:String>`}`,
          ),
        ),
      ),
    ),
    'DisplayName="EntityStep2: new_a"',
  );
