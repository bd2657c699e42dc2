// All ops of the hybrid dialect.
#ifndef JARANA_HYBRID_OPS_TD
#define JARANA_HYBRID_OPS_TD

include "dialects/hybrid/WeightOps.td"
include "dialects/hybrid/ScanOps.td"
include "dialects/hybrid/AttentionOps.td"
include "dialects/hybrid/NormOps.td"
include "dialects/hybrid/MatmulOps.td"
include "dialects/hybrid/PlanOps.td"

#endif // JARANA_HYBRID_OPS_TD
