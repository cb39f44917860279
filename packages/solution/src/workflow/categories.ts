/** Categories of `Workflow` elements that are read. */
export const businessRuleCategory = '2';
export const processFlowCategory = '4';
