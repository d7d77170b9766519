/** The conformance suite of object stores, on a directory and on two S3 servers that are not ours. */
import { openStore } from '../../lake/open-store.ts';
import { describeWith } from '../support/requirement.ts';
import { s3ServerInstalled, useS3Server } from '../support/s3-server.ts';
import { describeStore } from './store-conformance.ts';

describeStore('a local directory', (root) => openStore(root));

for (const kind of ['versitygw', 'moto'] as const) {
  describeWith(s3ServerInstalled[kind], kind, () => {
    const server = useS3Server(kind);
    describeStore(
      kind,
      async () => openStore(`s3://${await server.createBucket()}/some/prefix`, { s3: server.config }),
      // moto knows conditions on a PUT, but not If-Match when an upload in parts is completed.
      { conditionalParts: kind !== 'moto' },
    );
  });
}
