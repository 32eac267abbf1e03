import { fileURLToPath } from 'node:url';
import { type Client, loadPackageDefinition, makeClientConstructor } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { elementCheck, type TypeDescription } from './element-count.js';
import type { TrainingDefinition } from './generated/rocinante/training/v1/Training.js';
import type { RunsDefinition } from './generated/rocinante/training/v1/Runs.js';
import type { ProtoGrpcType as RunsTypes } from './generated/runs.js';
import type { ProtoGrpcType as TrainingTypes } from './generated/training.js';
import type { RunsClient, TrainingClient } from './service.js';

const protoFiles = ['training.proto', 'runs.proto'].map((file) =>
  fileURLToPath(new URL(`../../../protos/rocinante/training/v1/${file}`, import.meta.url)),
);

/** How messages look in JavaScript; the generated types are made with the same options (`npm run codegen`). */
export const protocolDefinition = loadSync(protoFiles, {
  keepCase: false,
  longs: Number,
  enums: String,
  defaults: true,
  oneofs: true,
});

const types = loadPackageDefinition(protocolDefinition) as unknown as TrainingTypes & RunsTypes;
const { Training, Runs } = types.rocinante.training.v1;
const service = bounded(Training.service);

/** A service whose messages are counted before they are decoded, where their bytes alone do not bound them. */
function bounded<Service extends object>(service: Service): Service {
  const described = Object.values(protocolDefinition).flatMap(({ type }) =>
    type ? [type as TypeDescription] : [],
  );
  const types = new Map(described.map((type) => [type.name, type]));
  const methods = Object.entries(service as ServiceDefinition).map(([name, method]) => {
    const { requestType, responseType, requestDeserialize, responseDeserialize } = method;
    return [
      name,
      {
        ...method,
        requestDeserialize: counted(requestDeserialize, requestType, types),
        responseDeserialize: counted(responseDeserialize, responseType, types),
      },
    ];
  });
  return Object.fromEntries(methods) as Service;
}

function counted<Message>(
  deserialize: (bytes: Buffer) => Message,
  { type }: MethodDefinition<object, object>['requestType'],
  types: ReadonlyMap<string, TypeDescription>,
): (bytes: Buffer) => Message {
  const check = elementCheck((type as TypeDescription).name, types);
  if (check === null) return deserialize;
  return (bytes) => {
    check(bytes);
    return deserialize(bytes);
  };
}

/**
 * The two long messages are handed to gRPC as bytes that are encoded already: what a vector held at that moment travels,
 * whatever becomes of the vector while the message waits.
 */
const asBytes = (message: unknown): Buffer => message as Buffer;
export const encodeContribution = service.Contribute.requestSerialize;
export const encodeParameters = service.Parameters.responseSerialize;

/** The service, for a server and for clients. */
export const trainingService: TrainingDefinition = {
  ...service,
  Contribute: { ...service.Contribute, requestSerialize: asBytes },
  Parameters: { ...service.Parameters, responseSerialize: asBytes },
};
export const TrainingClientClass = makeClientConstructor(trainingService, 'Training') as unknown as new (
  ...args: ConstructorParameters<typeof Client>
) => TrainingClient;

/** The operator's service, as its messages are. */
export const runsService: RunsDefinition = bounded(Runs.service);
export const RunsClientClass = makeClientConstructor(runsService, 'Runs') as unknown as new (
  ...args: ConstructorParameters<typeof Client>
) => RunsClient;
