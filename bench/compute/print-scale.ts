/** Prints the tables of docs/internals/how-it-scales.md: node bench/compute/print-scale.ts */

import figures from './scale.json' with { type: 'json' };
import { extrapolatedTable, measuredTable } from './scale-tables.ts';

process.stdout.write(`${measuredTable(figures)}\n\n${extrapolatedTable(figures)}\n`);
