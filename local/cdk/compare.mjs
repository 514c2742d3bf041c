// Compares pairs of templates: reads {"name": [old, new]} from standard input, and prints per name what
// @aws-cdk/cloudformation-diff finds. Its argument is the folder in which local/setup.sh has installed that.
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { json } from "node:stream/consumers";

const { fullDiff } = createRequire(resolve(process.argv[2], "package.json"))("@aws-cdk/cloudformation-diff");
const SECTIONS = ["parameters", "conditions", "mappings", "outputs"];

function compared([before, after]) {
  const diff = fullDiff(before, after);
  const { statements, managedPolicies } = diff.iamChanges;
  const { ingress, egress } = diff.securityGroupChanges;
  return {
    resources: Object.entries(diff.resources.changes).map(([id, change]) => resource(id, change)),
    sections: SECTIONS.flatMap((section) =>
      Object.entries(diff[section].changes).map(([name, { oldValue, newValue }]) => ({
        section, name, old: oldValue ?? null, new: newValue ?? null,
      })),
    ),
    statements: { added: statements.additions.map(statement), removed: statements.removals.map(statement) },
    managed_policies: managedPolicies.additions.map((one) => [one.identityArn, one.managedPolicyArn]),
    ingress: { added: ingress.additions.map(rule), removed: ingress.removals.map(rule) },
    egress: { added: egress.additions.map(rule), removed: egress.removals.map(rule) },
  };
}

function resource(id, change) {
  const replacing = Object.entries(change.propertyUpdates)
    .filter(([, { changeImpact }]) => changeImpact === "WILL_REPLACE" || changeImpact === "MAY_REPLACE")
    .map(([name]) => name);
  return {
    id,
    type: change.resourceType ?? change.oldResourceType,
    impact: change.changeImpact,
    replacing,
    old: change.oldValue ?? null,
    new: change.newValue ?? null,
  };
}

function statement({ effect, actions, resources, principals, condition, serializedIntrinsic }) {
  const targets = ({ not, values }) => ({ values, inverted: not });
  return {
    effect,
    actions: targets(actions),
    resources: targets(resources),
    principals: targets(principals),
    condition: condition ?? null,
    unread: serializedIntrinsic ?? null,
  };
}

function rule(one) {
  return {
    group: String(one.groupId),
    protocol: one.describeProtocol(),
    peer: one.peer?.ip ?? one.describePeer(),
  };
}

const pairs = await json(process.stdin);
const found = Object.fromEntries(Object.entries(pairs).map(([name, pair]) => [name, compared(pair)]));
process.stdout.write(JSON.stringify(found));
