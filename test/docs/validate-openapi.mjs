/** Validates an OpenAPI document that is read from standard input. In a process of its own: Jest can't load the validator. */
import SwaggerParser from '@apidevtools/swagger-parser';
import { readFileSync } from 'node:fs';

await SwaggerParser.validate(JSON.parse(readFileSync(0, 'utf8')));
