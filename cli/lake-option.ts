/** `--lake` and `--drops`, as every command about them has it. */
import { Option } from 'commander';

export const LAKE_OPTION = (): Option =>
  new Option(
    '--lake <url>',
    'a directory or s3://bucket/prefix (default: FLYERLINE_LAKE or ./.flyerline/lake)',
  );

export const DROPS_OPTION = (): Option =>
  new Option(
    '--drops <url>',
    'raw drops: a directory or s3://bucket/prefix (default: FLYERLINE_DROPS or ./drops)',
  );
