// An answer held against its offer, by the rules a strict caller goes by: RFC 3264 and 8829 (lines, directions, profiles), 5763 (the handshake),
// 7587 (Opus), 8285 (extensions), 9143 (bundles).

interface Section {
  kind: string;
  port: number;
  profile: string;
  formats: string[];
  lines: string[];
}

function cut(sdp: string): { session: string[]; sections: Section[] } {
  const [session = '', ...rest] = sdp.trim().split(/(?=^m=)/m);
  const sections = rest.map((text): Section => {
    const [head = '', ...lines] = text.trim().split(/\s*\r?\n/);
    const [kind = '', port = '', profile = '', ...formats] = head.slice(2).split(' ');
    return { kind, port: Number(port), profile, formats, lines };
  });
  return { session: session.trim().split(/\s*\r?\n/), sections };
}

export function readSections(sdp: string): Section[] {
  return cut(sdp).sections;
}

export function valueOf(lines: readonly string[], name: string): string | undefined {
  return lines.find((line) => line.startsWith(`a=${name}:`))?.slice(name.length + 3);
}

const directionOf = (lines: readonly string[]) => lines.find((line) => /^a=(sendrecv|sendonly|recvonly|inactive)$/.test(line))?.slice(2);
const bundleOf = (session: readonly string[]) =>
  session
    .find((line) => line.startsWith('a=group:BUNDLE'))
    ?.split(' ')
    .slice(1);
const turned: Record<string, string> = { sendrecv: 'sendrecv', sendonly: 'recvonly', recvonly: 'sendonly', inactive: 'inactive' };

/** What is wrong with the answer, in words; nothing, if it is right. */
export function faultsOf(offered: string, answered: string): string[] {
  const [asked, given] = [cut(offered), cut(answered)];
  const faults: string[] = [];
  const check = (right: boolean, fault: string) => {
    if (!right) faults.push(fault);
  };
  check(!/[\r\n]/.test(answered.replaceAll('\r\n', '')), 'a line does not end in CRLF');
  for (const [index, start] of ['v=0', 'o=', 's=', 't='].entries())
    check(given.session[index]?.startsWith(start) ?? false, `no ${start} in its place`);
  check(given.sections.length === asked.sections.length, 'not every line is answered');
  const accepted = given.sections.flatMap((answer, index) => {
    const question = asked.sections[index] as Section;
    const where = `line ${index}: `;
    check(answer.kind === question.kind, `${where}another kind`);
    check(answer.profile === question.profile, `${where}another profile`);
    check(valueOf(answer.lines, 'mid') === valueOf(question.lines, 'mid'), `${where}another name`);
    check(answer.lines.filter((line) => line.startsWith('c=')).length === 1, `${where}not one c=`);
    check(answer.formats.length > 0 && answer.formats.every((format) => question.formats.includes(format)), `${where}another format`);
    if (answer.port === 0) return [];
    const setup = valueOf(question.lines, 'setup') ?? valueOf(asked.session, 'setup') ?? 'actpass';
    check(valueOf(answer.lines, 'setup') === (setup === 'active' ? 'passive' : 'active'), `${where}both begin the handshake, or none`);
    for (const name of ['ice-ufrag', 'ice-pwd', 'fingerprint', 'candidate'])
      check(Boolean(valueOf(answer.lines, name)), `${where}no ${name}`);
    if (answer.kind === 'audio') faults.push(...soundFaults(question, answer, asked.session).map((fault) => where + fault));
    return valueOf(answer.lines, 'mid') ?? [];
  });
  const bundled = accepted.filter((mid) => bundleOf(asked.session)?.includes(mid)).toSorted();
  check(JSON.stringify(bundleOf(given.session)?.toSorted() ?? []) === JSON.stringify(bundled), 'another bundle');
  check(
    offered.includes('a=extmap-allow-mixed') || !answered.includes('a=extmap-allow-mixed'),
    'extensions of both lengths were not offered',
  );
  return faults;
}

function soundFaults(question: Section, answer: Section, session: readonly string[]): string[] {
  const wished = directionOf(question.lines) ?? directionOf(session) ?? 'sendrecv';
  const [opus] = answer.formats;
  const was = (line: string) => question.lines.includes(line);
  return [
    ...(directionOf(answer.lines) === turned[wished] ? [] : ['a direction nobody asked for']),
    ...(answer.lines.includes('a=rtcp-mux') === was('a=rtcp-mux') ? [] : ['rtcp-mux on one side only']),
    ...(question.lines.some((line) => line.startsWith(`a=rtpmap:${opus} `) && / opus\//i.test(line)) ? [] : ['a number that is not Opus']),
    ...(answer.lines.includes(`a=rtpmap:${opus} opus/48000/2`) ? [] : ['Opus is not written as RFC 7587 wants it']),
    ...answer.lines.filter((line) => line.startsWith('a=rtcp-fb:') && !was(line)),
    ...answer.lines.filter(
      (line) => line.startsWith('a=extmap:') && !question.lines.some((other) => other.endsWith(line.split(' ')[1] ?? '')),
    ),
  ];
}
