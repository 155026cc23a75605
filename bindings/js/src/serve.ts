// serve.ts -- the script of a pool's workers.
import { serve } from "./worker.js";

serve();
