// Names of operations as storage systems write them, and the class each one counts in.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "minuted/event.hpp"

namespace minuted {
namespace {

struct Named {
  std::string_view name;
  OpClass want;
};

constexpr OpClass kGet = OpClass::kGet;
constexpr OpClass kPut = OpClass::kPut;
constexpr OpClass kDelete = OpClass::kDelete;
constexpr OpClass kHead = OpClass::kHead;
constexpr OpClass kList = OpClass::kList;
constexpr OpClass kOther = OpClass::kOther;

void expect_classes(const std::vector<Named>& table) {
  for (const Named& row : table) EXPECT_EQ(classify_op(row.name), row.want) << row.name;
}

// Promise: classes are persisted by number.
TEST(OpClassTest, NumbersAreFrozen) {
  EXPECT_EQ(static_cast<int>(kGet), 0);
  EXPECT_EQ(static_cast<int>(kPut), 1);
  EXPECT_EQ(static_cast<int>(kDelete), 2);
  EXPECT_EQ(static_cast<int>(kHead), 3);
  EXPECT_EQ(static_cast<int>(kList), 4);
  EXPECT_EQ(static_cast<int>(kOther), 5);
  EXPECT_EQ(kOpClasses, 6U);
}

// Promise: the five names, in any case.
TEST(OpClassTest, TheFiveNamesInAnyCase) {
  expect_classes({{"GET", kGet},       {"get", kGet},       {"Get", kGet},    {"gEt", kGet},
                  {"PUT", kPut},       {"put", kPut},       {"pUT", kPut},    {"DELETE", kDelete},
                  {"delete", kDelete}, {"DeLeTe", kDelete}, {"HEAD", kHead},  {"head", kHead},
                  {"hEAd", kHead},     {"LIST", kList},     {"list", kList},  {"lIsT", kList},
                  {"POST", kPut},      {"copy", kPut},      {"Select", kGet}, {"abort", kDelete},
                  {"OTHER", kOther},   {"other", kOther}});
}

// Promise: Amazon S3 server access logs (REST.method.resource and S3.action.resource).
TEST(OpClassTest, S3AccessLogs) {
  expect_classes({
      {"REST.GET.OBJECT", kGet},
      {"REST.GET.BUCKET", kList},
      {"REST.GET.ACL", kGet},
      {"REST.GET.BUCKETPOLICY", kGet},
      {"REST.GET.BUCKETVERSIONS", kGet},
      {"REST.GET.LOCATION", kGet},
      {"REST.GET.LOGGING_STATUS", kGet},
      {"REST.GET.NOTIFICATION", kGet},
      {"REST.GET.OBJECT_TAGGING", kGet},
      {"REST.GET.SERVICE", kGet},
      {"REST.GET.UPLOAD", kGet},
      {"REST.GET.UPLOADS", kGet},
      {"REST.GET.VERSIONING", kGet},
      {"REST.PUT.OBJECT", kPut},
      {"REST.PUT.BUCKET", kPut},
      {"REST.PUT.PART", kPut},
      {"REST.PUT.ACL", kPut},
      {"REST.COPY.OBJECT", kPut},
      {"REST.COPY.OBJECT_GET", kPut},
      {"REST.COPY.PART", kPut},
      {"REST.COPY.PART_GET", kPut},
      {"REST.POST.BUCKET", kPut},
      {"REST.POST.UPLOAD", kPut},
      {"REST.POST.UPLOADS", kPut},
      {"REST.POST.RESTORE", kPut},
      {"REST.POST.MULTI_OBJECT_DELETE", kPut},
      {"REST.DELETE.OBJECT", kDelete},
      {"REST.DELETE.BUCKET", kDelete},
      {"REST.DELETE.UPLOAD", kDelete},
      {"REST.HEAD.OBJECT", kHead},
      {"REST.HEAD.BUCKET", kHead},
      {"REST.SELECT.OBJECT", kGet},
      {"REST.OPTIONS.PREFLIGHT", kOther},
      {"WEBSITE.GET.OBJECT", kGet},
      {"WEBSITE.HEAD.OBJECT", kHead},
      {"BATCH.DELETE.OBJECT", kDelete},
      {"S3.CREATE.DELETEMARKER", kPut},
      {"S3.DELETE.OBJECT", kDelete},
      {"S3.DELETE.UPLOAD", kDelete},
      {"S3.EXPIRE.OBJECT", kOther},
      {"S3.TRANSITION.OBJECT", kOther},
      {"S3.TRANSITION_SIA.OBJECT", kOther},
      {"S3.RESTORE.OBJECT", kOther},
      {"rest.get.bucket", kList},
      {"Rest.Get.Object", kGet},
      {"s3.delete.object", kDelete},
  });
}

// Promise: the operations log of Ceph's object gateway.
TEST(OpClassTest, CephGatewayOperationsLog) {
  expect_classes({
      {"get_obj", kGet},
      {"get_obj_layout", kGet},
      {"get_obj_tags", kGet},
      {"get_acls", kGet},
      {"get_cors", kGet},
      {"get_lifecycle", kGet},
      {"get_bucket_info", kGet},
      {"get_bucket_location", kGet},
      {"get_bucket_tags", kGet},
      {"get_bucket_versioning", kGet},
      {"get_self_usage", kGet},
      {"get info", kGet},
      {"put_obj", kPut},
      {"put_acls", kPut},
      {"put_bucket_metadata", kPut},
      {"put_lifecycle", kPut},
      {"put_obj_tags", kPut},
      {"post_obj", kPut},
      {"copy_obj", kPut},
      {"create_bucket", kPut},
      {"complete_multipart", kPut},
      {"bulk_upload", kPut},
      {"delete_obj", kDelete},
      {"delete_bucket", kDelete},
      {"delete_lifecycle", kDelete},
      {"multi_object_delete", kDelete},
      {"bulk_delete", kDelete},
      {"abort_multipart", kDelete},
      {"list_bucket", kList},
      {"list_buckets", kList},
      {"list_bucket_multiparts", kList},
      {"list_multipart", kList},
      {"init_multipart", kOther},
      {"options_cors", kOther},
      {"set_bucket_versioning", kOther},
      {"stat_account", kOther},
      {"stat_bucket", kOther},
      {"assume_role", kOther},
      {"unknown", kOther},
  });
}

// Promise: MinIO's names, from its traces (s3.Name) and its audit log (Name). Its metrics glue the
// words together in small letters, where there is nothing to split at: those are OTHER.
TEST(OpClassTest, Minio) {
  expect_classes({
      {"s3.GetObject", kGet},
      {"s3.PutObject", kPut},
      {"s3.HeadObject", kHead},
      {"s3.DeleteObject", kDelete},
      {"s3.ListObjectsV2", kList},
      {"s3.ListBuckets", kList},
      {"GetObjectACL", kGet},
      {"GetBucketLocation", kGet},
      {"GetBucketReplicationConfig", kGet},
      {"SelectObjectContent", kGet},
      {"PutObjectPart", kPut},
      {"PutBucket", kPut},
      {"CopyObjectPart", kPut},
      {"NewMultipartUpload", kPut},
      {"CompleteMultipartUpload", kPut},
      {"PostPolicyBucket", kPut},
      {"AbortMultipartUpload", kDelete},
      {"DeleteMultipleObjects", kDelete},
      {"DeleteBucketPolicy", kDelete},
      {"HeadBucket", kHead},
      {"ListObjectParts", kList},
      {"ListObjectVersions", kList},
      {"ListObjectsV1", kList},
      {"ListObjectsV2M", kList},
      {"ListMultipartUploads", kList},
      {"ListenNotification", kOther},
      {"getobject", kOther},
      {"listobjectsv2", kOther},
  });
}

// Promise: the names of the AWS API, as SDKs and CloudTrail write them.
TEST(OpClassTest, AwsApi) {
  expect_classes({
      {"GetObject", kGet},
      {"GetObjectAttributes", kGet},
      {"GetObjectTorrent", kGet},
      {"GetBucketAcl", kGet},
      {"GetBucketPolicyStatus", kGet},
      {"GetPublicAccessBlock", kGet},
      {"PutObject", kPut},
      {"PutObjectLockConfiguration", kPut},
      {"CopyObject", kPut},
      {"CreateBucket", kPut},
      {"CreateMultipartUpload", kPut},
      {"UploadPart", kPut},
      {"UploadPartCopy", kPut},
      {"PostObject", kPut},
      {"HeadObject", kHead},
      {"DeleteObject", kDelete},
      {"DeleteObjects", kDelete},
      {"DeleteObjectTagging", kDelete},
      {"ListObjects", kList},
      {"ListObjectsV2", kList},
      {"ListParts", kList},
      {"ListDirectoryBuckets", kList},
      {"RestoreObject", kOther},
      {"RenameObject", kOther},
      {"WriteGetObjectResponse", kGet},
      {"getObject", kGet},
      {"get-object", kGet},
      {"list-objects-v2", kList},
      {"s3:GetObject", kGet},
      {"s3:ListBucket", kList},
      {"s3:PutObject", kPut},
  });
}

// Promise: Get on BUCKET is a listing, and only that: not something of a bucket, not another verb.
TEST(OpClassTest, GetOfABucketAloneIsAListing) {
  expect_classes({{"GetBucket", kList},
                  {"get_bucket", kList},
                  {"GETBucket", kList},
                  {"getBUCKET", kList},
                  {"Get Bucket", kList},
                  {"GET.BUCKET.", kList},
                  {"xyz.GET.BUCKET", kList},
                  {"GetBuckets", kGet},
                  {"GetBucketAcl", kGet},
                  {"GET.BUCKET.POLICY", kGet},
                  {"GetMyBucket", kGet},
                  {"Bucket.Get", kGet},
                  {"SelectBucket", kGet},
                  {"PutBucket", kPut},
                  {"HeadBucket", kHead},
                  {"DeleteBucket", kDelete},
                  {"CreateBucket", kPut}});
}

// Promise: words are split at punctuation, digits and changes of case; the leftmost verb decides; a
// verb inside a longer word does not.
TEST(OpClassTest, WordsAreSplitAndReadFromTheLeft) {
  expect_classes({
      {"GETObject", kGet},
      {"XMLPutThing", kPut},
      {"my-delete-thing", kDelete},
      {"v2get", kGet},
      {"2get3", kGet},
      {"/get/object", kGet},
      {"object list", kList},
      {"copy_then_delete", kPut},
      {"DeleteAfterCopy", kDelete},
      {"getter", kOther},
      {"Getaway", kOther},
      {"target", kOther},
      {"Widget", kOther},
      {"listen", kOther},
      {"Playlist", kOther},
      {"output", kOther},
      {"Overhead", kOther},
      {"GETS", kOther},
      {"gEtObject", kOther},
  });
}

// Promise: anything else is OTHER, never refused, whatever its bytes.
TEST(OpClassTest, AnythingElseIsOther) {
  using namespace std::string_view_literals;
  expect_classes({{"", kOther},
                  {".", kOther},
                  {"REST.", kOther},
                  {"S3.", kOther},
                  {"REST", kOther},
                  {"S3", kOther},
                  {"   ", kOther},
                  {"123", kOther},
                  {"\0"sv, kOther},
                  {"G\0ET"sv, kOther},
                  {"\xFF\xFE", kOther},
                  {"\xC3\x84ndern", kOther},
                  {"RESTGET", kOther},
                  {"S3GET", kGet},
                  {"get\0"sv, kGet},
                  {"\xC3\xA9get", kGet},
                  {"OPTIONS", kOther},
                  {"PATCH", kOther}});
  EXPECT_EQ(classify_op(std::string(100'000, 'G')), kOther);
  EXPECT_EQ(classify_op(std::string(100'000, '.') + "get"), kGet);
}

}  // namespace
}  // namespace minuted
