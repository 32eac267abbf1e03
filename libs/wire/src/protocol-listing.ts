import { oneofOf, type FieldDescriptor, type MessageType, type ProtocolTypes } from './message-types.js';

/**
 * All of the protocol that must not change under a peer, a line each, in the order of the protos: messages with their
 * fields' numbers and types, enums, methods.
 */
export function protocolListing({ messages, enums, methods }: ProtocolTypes): string[] {
  return [
    ...methods.map(
      ({ service, name, request, response }) => `method ${service}.${name} ${request} to ${response}`,
    ),
    ...[...messages].flatMap(([name, type]) => messageLines(name, type)),
    ...[...enums].flatMap(([name, { value }]) => [
      `enum ${name}`,
      ...value.map((one) => `enum ${name} ${one.number} ${one.name}`),
    ]),
  ];
}

function messageLines(name: string, type: MessageType): string[] {
  const { field, reservedRange } = type.descriptor;
  const reserved = reservedRange.flatMap(({ start, end }) =>
    Array.from({ length: end - start + 1 }, (_, index) => start + index),
  );
  return [
    `message ${name}`,
    ...field.map((one) => `message ${name} ${one.number} ${wordsOf(type, one)}`),
    ...reserved.map((number) => `message ${name} ${number} reserved`),
  ];
}

function wordsOf(type: MessageType, field: FieldDescriptor): string {
  const repeated = field.label === 'LABEL_REPEATED' ? 'repeated ' : '';
  const kind = field.typeName || field.type.replace('TYPE_', '').toLowerCase();
  const oneof = oneofOf(type, field);
  const within = oneof === null ? '' : oneof.startsWith('_') ? ', optional' : `, one of ${oneof}`;
  return `${repeated}${kind} ${field.name}${within}`;
}

/**
 * What of a recorded listing is not true any more.
 * @param served whether that version is still served: a number that was taken out of one that is not need only be reserved.
 * @returns a sentence each; none where a peer of the recorded version is understood as it was.
 */
export function brokenPromises(
  recorded: readonly string[],
  today: readonly string[],
  served: boolean,
): string[] {
  const present = new Set(today);
  const byPlace = new Map(today.map((line) => [placeOf(line), line]));
  return recorded
    .filter((line) => !present.has(line))
    .flatMap((line) => {
      const place = placeOf(line);
      const now = byPlace.get(place);
      if (now !== undefined && !now.endsWith(' reserved'))
        return `${place}: was ${restOf(line)}, is ${restOf(now)}; a peer knows it as it was: take a new number or name`;
      if (served)
        return `${place}: was ${restOf(line)}, is gone; releases that speak it still say and expect it`;
      if (now !== undefined || !/^message \S+ \d+$/.test(place)) return [];
      // A message that is gone as a whole takes its numbers with it.
      const message = place.replace(/ \d+$/, '');
      return present.has(message) ? `${place}: was ${restOf(line)}, is gone; write that it is reserved` : [];
    });
}

/** What a line is about: `message Hello 1`, `method Training.Work`, `enum RunState`. */
function placeOf(line: string): string {
  return /^(method \S+|(message|enum) \S+( \d+)?)/.exec(line)![0];
}

function restOf(line: string): string {
  return line.slice(placeOf(line).length + 1) || 'declared';
}
