/** Catalog: tell readers what there is now, once both formats show it. */
import { updateCatalog as bringToHead } from '../lake/catalog.ts';
import { catalogued, exportedCsv, exportedParquet } from './assets.ts';
import { defineTask } from './define-task.ts';
import { LAKE_TABLES } from './tables.ts';

export const updateCatalog = defineTask({
  name: 'update-catalog',
  reads: { parquet: exportedParquet, csv: exportedCsv },
  makes: catalogued,
  async run({ services }, { parquet, csv }) {
    await bringToHead(services.lake, LAKE_TABLES, parquet.day);
    return { day: parquet.day, files: [...parquet.files, ...csv.files].map(({ key }) => key) };
  },
});
