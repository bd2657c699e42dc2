/* The header is C: this file only has to compile, as C11 with strict warnings.
 */
#include "jarana/runtime.h"

const char *jarana_test_status(jarana_status status);
const char *jarana_test_status(jarana_status status) {
  return status == JARANA_OK ? jarana_version() : jarana_last_error();
}
