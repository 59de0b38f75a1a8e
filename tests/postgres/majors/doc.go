// Package majors tries the pre-flight on every major version of Postgres from
// 12, which Coder refuses, to the newest. Its servers come from fetchmajors,
// so its tests are built with the tag majors only.
package majors
