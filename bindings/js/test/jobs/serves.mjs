// serves.mjs -- a worker with jobs of its own.
import { serve } from "anyloop/worker";

serve({ double: number => 2 * number, notAFunction: 3 });
