// The addresses of this machine, and which of them are offered to callers.
import type { NetworkInterfaceInfo } from 'node:os';

export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** Bridges and ends of containers and virtual machines: nobody outside can reach them. */
const inner = /^(docker|br-|veth|virbr|vmnet|cni|flannel|cali|lxc|podman|kube)/;

/**
 * The addresses of the interfaces that are named (by name or by address); of all that lead somewhere when none is. A machine that has none
 * of these can still be called by itself.
 */
export function offeredAddresses(interfaces: Interfaces, names: readonly string[]): string[] {
  const all = Object.entries(interfaces).flatMap(([name, infos = []]) => infos.map((info) => ({ name, info })));
  // A link-local address of version 6 says nothing without the name of its link.
  const usable = all.filter(({ info }) => !(info.family === 'IPv6' && /^fe[89ab]/i.test(info.address)));
  const chosen =
    names.length > 0
      ? usable.filter(({ name, info }) => names.includes(name) || names.includes(info.address))
      : usable.filter(({ name, info }) => !info.internal && !info.address.startsWith('169.254.') && !inner.test(name));
  const addresses = (chosen.length > 0 || names.length > 0 ? chosen : usable.filter(({ info }) => info.internal)).map(
    ({ info }) => info.address,
  );
  return [...new Set(addresses)];
}
