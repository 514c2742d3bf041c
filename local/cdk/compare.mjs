// Compares pairs of templates: reads {"name": [old, new]} from standard input, and prints per name what
// @aws-cdk/cloudformation-diff finds. Its argument is the folder in which local/setup.sh has installed that.
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { json } from "node:stream/consumers";

const { fullDiff } = createRequire(resolve(process.argv[2], "package.json"))("@aws-cdk/cloudformation-diff");
const SECTIONS = ["parameters", "conditions", "mappings", "outputs"];
const REPLACES = ["WILL_REPLACE", "MAY_REPLACE"];

// IAM is judged from the resources themselves: the package shows it to people, without what it takes for granted, and
// stops at what is computed.
const { IamPropertyScrutinies, IamResourceScrutinies } = fullDiff({}, {}).iamChanges.constructor;
IamPropertyScrutinies.length = IamResourceScrutinies.length = 0;

function compared([before, after]) {
  const diff = fullDiff(before, after);
  const { ingress, egress } = diff.securityGroupChanges;
  return {
    resources: Object.entries(diff.resources.changes).flatMap(([id, change]) => resources(id, change)),
    sections: SECTIONS.flatMap((section) =>
      Object.entries(diff[section].changes).map(([name, { oldValue, newValue }]) => ({
        section, name, old: oldValue ?? null, new: newValue ?? null,
      })),
    ),
    ingress: { added: ingress.additions.map(rule), removed: ingress.removals.map(rule) },
    egress: { added: egress.additions.map(rule), removed: egress.removals.map(rule) },
  };
}

function resources(id, change) {
  const { oldResourceType: type, newResourceType, oldValue, newValue } = change;
  if (change.resourceTypeChanged) {
    // One resource goes, and one of another type comes under its name.
    const impact = oldValue.DeletionPolicy?.startsWith("Retain") ? "WILL_ORPHAN" : "WILL_DESTROY";
    return [
      { id, type, impact, replacing: [], old: oldValue, new: null, becomes: newResourceType },
      { id, type: newResourceType, impact: "WILL_CREATE", replacing: [], old: null, new: newValue },
    ];
  }
  const replacing = Object.entries(change.propertyUpdates)
    .filter(([, { changeImpact }]) => REPLACES.includes(changeImpact))
    .map(([name]) => name);
  const impact = change.changeImpact;
  return [{ id, type: newResourceType ?? type, impact, replacing, old: oldValue ?? null, new: newValue ?? null }];
}

function rule(one) {
  return {
    group: String(one.groupId),
    protocol: one.describeProtocol(),
    peer: one.peer?.ip ?? one.describePeer(),
    is_network: one.peer?.kind === "cidr-ip",
  };
}

const pairs = await json(process.stdin);
const found = Object.fromEntries(Object.entries(pairs).map(([name, pair]) => [name, compared(pair)]));
process.stdout.write(JSON.stringify(found));
