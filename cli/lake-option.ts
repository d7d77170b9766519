/** `--lake`, as every command about the lake has it. */
import { Option } from 'commander';

export const LAKE_OPTION = (): Option =>
  new Option(
    '--lake <url>',
    'a directory or s3://bucket/prefix (default: FLYERLINE_LAKE or ./.flyerline/lake)',
  );
