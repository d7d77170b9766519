/** `preview publish`: what was looked at becomes what readers get. */
import { readPreview } from '../../lake/preview/preview-doc.ts';
import { closeServices, createServices } from '../../pipelines/services.ts';
import { publishPreview } from '../../tasks/preview/publish-preview.ts';
import { interruptSignal } from '../interrupt.ts';
import { type SourceOptions, withStores } from '../partitions/partition-sources.ts';
import { formatCount, ProgressDisplay, style, table } from '../terminal.ts';

export interface PublishCommandOptions extends SourceOptions {
  readonly reason?: string;
}

export async function publish(id: string, { reason, ...options }: PublishCommandOptions): Promise<void> {
  await withStores(options, 'write', async ({ lake }, { config, json }) => {
    const preview = await readPreview(lake, id);
    const services = await createServices(config);
    const display = new ProgressDisplay();
    display.update('publish', { label: `preview ${id}`, state: 'running' });
    try {
      const published = await publishPreview(services, preview, {
        signal: interruptSignal(),
        reason,
        progress: (done, total, note) => display.update('publish', { done, total, note }),
      });
      display.update('publish', { state: 'done', note: 'published' });
      display.stop();
      if (json) return void process.stdout.write(`${JSON.stringify({ id, ...published })}\n`);
      const { days, tables, exportedDays } = published;
      const head =
        tables.length === 0
          ? `preview ${id} was published already`
          : `preview ${id} is published: ${counted(days.length)}, exports of ${counted(exportedDays.length)}`;
      const versions = table(tables, [
        { header: 'Table', value: (row) => row.table },
        { header: 'Version', value: (row) => row.version, align: 'right' },
        { header: 'Days', value: (row) => formatCount(row.days), align: 'right' },
      ]);
      process.stdout.write(`${style.green('✓')} ${head}\n${tables.length === 0 ? '' : `${versions}\n`}`);
    } finally {
      display.stop();
      await closeServices(services);
    }
  });
}

const counted = (days: number): string => `${formatCount(days)} ${days === 1 ? 'day' : 'days'}`;
