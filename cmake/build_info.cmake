# Writes OUT (build_info.h) with version, commit and compiler; run at every build by the target build_info, and touches
# the file only when something changed. Outside of a repository the commit is "unknown".
execute_process(
  COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=*
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit unknown)
endif()
set(content "#pragma once
#define CLEW_BUILD_VERSION \"${VERSION}\"
#define CLEW_BUILD_COMMIT \"${commit}\"
#define CLEW_BUILD_COMPILER \"${COMPILER}\"
")
set(old "")
if(EXISTS ${OUT})
  file(READ ${OUT} old)
endif()
if(NOT old STREQUAL content)
  file(WRITE ${OUT} "${content}")
endif()
