/** The conformance suite of object stores, on a directory and on three S3 servers that are not ours. */
import { openStore } from '../../lake/open-store.ts';
import { previewStore } from '../../lake/preview/preview-store.ts';
import { describeWith } from '../support/requirement.ts';
import { s3ServerInstalled, useS3Server } from '../support/s3-server.ts';
import { describeStore } from './store-conformance.ts';

describeStore('a local directory', (root) => openStore(root));
describeStore('a preview over a lake', async (root) =>
  previewStore(await openStore(root), { id: 'p20181101093000-4f2a61', versions: {} }),
);

for (const kind of ['versitygw', 'ministack', 'moto'] as const) {
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

// Any other server or account, with credentials as usual: s3://bucket/prefix, an empty place to write to.
const given = process.env.FLYERLINE_CONFORMANCE_STORE;
if (given !== undefined) {
  describeStore(given, () => openStore(given, { s3: { endpoint: process.env.FLYERLINE_S3_ENDPOINT } }));
}
