# acl.auth.php
# <?php exit()?>
# Nobody without a name, everybody with one: 0 is nothing, 8 is reading,
# writing, making pages and uploading.
*               @ALL        0
*               @user       8
